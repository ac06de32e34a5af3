"""What stopped a program is said in the words of the limit that it met."""

from __future__ import annotations

import errno

import pytest

from monarch_vs_ray.core.causes import cause


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EMFILE, ["too many open files", "ulimit -n"]),
        (errno.ENFILE, ["this machine", "end other programs"]),
        (errno.EAGAIN, ["no more processes", "ulimit -u"]),
        (errno.ENOMEM, ["memory"]),
        (errno.ENOSPC, ["/a/file", "make space"]),
        (errno.EACCES, ["/a/file", "check the path"]),
    ],
)
def test_each_limit_is_named_with_the_next_step(number, words):
    said = cause(OSError(number, "what the system says", "/a/file"))
    assert all(word in said for word in words)
    assert ("make space" in said) is (number == errno.ENOSPC)
