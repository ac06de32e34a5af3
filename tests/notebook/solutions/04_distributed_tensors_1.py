def ranks(sizes, taken):
    found = [0]
    for size, (first, last) in zip(sizes, taken):
        found = [rank * size + at for rank in found for at in range(first, last + 1)]
    return found


print(ranks([2, 4], [(1, 1), (0, 3)]))  # the second host
print(ranks([2, 4], [(0, 1), (1, 2)]))  # two GPUs of each host
print(ranks([2, 2, 2], [(0, 1), (0, 0), (1, 1)]))
