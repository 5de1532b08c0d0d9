"""The hold music."""

import numpy as np

from contactcentre.adapters.flow_files.music import compose


def test_music_lasts_for_twenty_to_thirty_seconds() -> None:
    assert 20 <= len(compose()) / 8_000 <= 30


def test_music_is_never_silent_for_a_second_nor_loud() -> None:
    seconds = compose()[:-1].astype(float)
    seconds = seconds[: len(seconds) // 8_000 * 8_000].reshape(-1, 8_000) / 32_767
    levels_dbfs = 10 * np.log10(np.mean(seconds**2, axis=1))
    assert levels_dbfs.min() > -40
    assert levels_dbfs.max() < -20


def test_the_end_of_the_music_goes_over_into_its_beginning() -> None:
    music = compose().astype(int)
    steps = np.abs(np.diff(music))
    assert abs(music[0] - music[-1]) <= steps.max()
    seam = np.concatenate([music[-4_000:], music[:4_000]])
    assert np.abs(np.diff(seam, n=2)).max() <= np.abs(np.diff(music, n=2)).max()


def test_music_is_the_same_each_time() -> None:
    assert np.array_equal(compose(), compose())
