"""A photon detector: photons in, recorded photons out. A leaf: it imports nothing of renp_sim.

`response.Detector` is put together from one object of each of `efficiency`, `resolution`, `background`
(any number) and `dead_time`. It samples with `record` and computes the mean with `expected`, from the very
same objects. Every object checks itself: a bad value raises ValueError that begins with the name
of its field, a line for each. A new kind is one class and one name in the tuple of its module.
"""
