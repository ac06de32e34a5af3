def choose(load, healthy, tried):
    return min(healthy - tried or healthy, key=lambda number: load[number], default=None)


print("fewest:", choose([3, 1, 2], {0, 1, 2}, set()))
print("not again:", choose([3, 1, 2], {0, 1, 2}, {1}))
print("left out:", choose([3, 1, 2], {0, 2}, {2}))
print("all tried:", choose([3, 1, 2], {0, 2}, {0, 2}))
print("none:", choose([3, 1, 2], set(), set()))
