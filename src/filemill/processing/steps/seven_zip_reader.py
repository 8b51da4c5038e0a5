"""The numbers, bits and digests of which the header of a 7z archive is made."""


class BadSevenZip(ValueError):
    """The header is damaged, or packed in a way nobody uses for headers."""


class Reader:
    """Reads the header's own numbers; every end in the middle is a `BadSevenZip`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise BadSevenZip("the header ends in the middle")
        self._at += count
        return piece

    def number(self) -> int:
        """Return a number of one to nine bytes; the ones at the front of the first byte say how many follow."""
        first = self.byte()
        mask, value = 0x80, 0
        for index in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * index)
            value |= self.byte() << (8 * index)
            mask >>= 1
        return value

    def count(self, most: int) -> int:
        number = self.number()
        if number > most:
            raise BadSevenZip("the header says a number that cannot be")
        return number

    def rest(self) -> bytes:
        return self._data[self._at :]

    def bits(self, count: int) -> list[bool]:
        packed = self.take((count + 7) // 8)
        return [bool(packed[index // 8] & 0x80 >> index % 8) for index in range(count)]

    def bits_or_all(self, count: int) -> list[bool]:
        return [True] * count if self.byte() else self.bits(count)

    def skip_digests(self, count: int) -> list[bool]:
        there = self.bits_or_all(count)
        self.take(4 * sum(there))
        return there
