"""A gzip stream of very many blanks, made without ever holding them.

Blanks deflate to a thousandth, and a block that ends with a full flush stands for the same bytes wherever it
stands. So one block is made and written as often as it takes. The check sum at the end is true: that of two
texts in a row follows from those of both and the length of the second (RFC 1952 names the polynomial).
"""

from __future__ import annotations

from typing import Final

_BLOCK: Final = 1024 * 1024
_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_POLYNOMIAL: Final = 0xEDB88320
"""As all numbers here that stand for polynomials over two elements, its lowest power in the highest bit."""
_ONE: Final = 1 << 31
_X: Final = 1 << 30


def gzip_blanks(count: int) -> bytes:
    """gzip of `count` blanks, about `count / 1000` bytes."""
    import zlib

    blocks, rest = divmod(count, _BLOCK)
    body = _deflated(_BLOCK, zlib.Z_FULL_FLUSH) * blocks if blocks else b""
    body += _deflated(rest, zlib.Z_FINISH)
    check = _check_sum(count, zlib.crc32(b" "))
    return _HEAD + body + check.to_bytes(4, "little") + (count & 0xFFFFFFFF).to_bytes(4, "little")


def packed_size(count: int) -> int:
    """How many bytes `gzip_blanks(count)` has, at the most."""
    return count // 1000 + 2000


def _deflated(count: int, flush: int) -> bytes:
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(b" " * count) + packer.flush(flush)


def _check_sum(count: int, of_one: int) -> int:
    """The check sum of `count` equal bytes, by doubling."""
    check = length = 0
    for bit in f"{count:b}":
        check = _product(_power_of_x(8 * length), check) ^ check
        length *= 2
        if bit == "1":
            check = _product(_power_of_x(8), check) ^ of_one
            length += 1
    return check


def _power_of_x(exponent: int) -> int:
    power, square = _ONE, _X
    while exponent:
        if exponent & 1:
            power = _product(power, square)
        square = _product(square, square)
        exponent >>= 1
    return power


def _product(one: int, other: int) -> int:
    """The product of two polynomials, modulo that of the check sum."""
    product = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return product
