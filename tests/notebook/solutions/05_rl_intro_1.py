def may_begin(version, bound, generators, taken, waiting, running):
    return taken + waiting + running < (version + bound + 1) * generators


def longest_lead(bound):
    """Let two generators run while the trainer makes no step."""
    begun = 0
    while begun < 100 and may_begin(0, bound, 2, taken=0, waiting=begun, running=0):
        begun += 1
    return begun


print("begun while the trainer stands still:", [longest_lead(bound) for bound in range(4)])
print("in step 5:", may_begin(5, 0, 2, 10, 0, 0), may_begin(5, 0, 2, 10, 1, 1), may_begin(5, 1, 2, 10, 1, 1))
