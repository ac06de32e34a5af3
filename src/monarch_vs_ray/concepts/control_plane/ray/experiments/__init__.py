"""What the claims on the control plane of Ray rest on."""
