"""What the claims on the control plane of Monarch rest on."""
