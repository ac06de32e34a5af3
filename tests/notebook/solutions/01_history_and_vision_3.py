class Buffer:
    def __init__(self):
        self.next = 0
        self.held = set()

    def take(self, number):
        self.held.add(number)
        ready = []
        while self.next in self.held:
            self.held.remove(self.next)
            ready.append(self.next)
            self.next += 1
        return ready


buffer = Buffer()
for number in (1, 0, 3, 4, 2):
    print(number, "runs", buffer.take(number))
