import os

from shared.kernel.chance import BLOCK_BYTES, random_bytes


def test_no_bytes_are_given_out_twice_also_across_blocks() -> None:
    taken = [random_bytes(24) for _ in range(3 * BLOCK_BYTES // 24)]
    assert len(set(taken)) == len(taken)
    assert {len(one) for one in taken} == {24}


def test_a_forked_child_has_bytes_of_its_own() -> None:
    random_bytes(16)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, random_bytes(16))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 16) != random_bytes(16)
