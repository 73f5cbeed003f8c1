"""Special functions of scipy, loaded when one is first asked for: half of scipy comes with them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scipy.special import gammainc as gammainc
    from scipy.special import ndtr as ndtr
    from scipy.special import ndtri as ndtri


def __getattr__(name: str) -> Any:
    from scipy import special

    return getattr(special, name)
