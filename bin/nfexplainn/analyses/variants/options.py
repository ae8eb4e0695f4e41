"""Settings of the variants; the names are those of the parameters."""

from __future__ import annotations

from dataclasses import dataclass

from nfexplainn.errors import UserError
from nfexplainn.values import whole


@dataclass(frozen=True)
class VariantOptions:
    """How variants are judged.

    Attributes
    ----------
    kernel : {'auto', 'native', 'torch'}
        What computes the units.
    seed : int
        Of the random variants.
    variant_offsets : str
        Where in its window a variant lies, in bp from the middle, comma-separated; the mean over
        all of them is taken.
    """

    kernel: str = "auto"
    seed: int = 42
    variant_offsets: str = "0"

    def offsets(self, length: int) -> tuple[int, ...]:
        """Read the offsets, for windows of a length.

        Raises
        ------
        UserError
            If one is no whole number, is there twice, or puts a variant out of its window.
        """
        found = [whole(text) for text in self.variant_offsets.split(",")]
        least, most = -(length // 2), (length - 1) // 2
        if any(one is None or not least <= one <= most for one in found):
            raise UserError(
                f"variant_offsets is '{self.variant_offsets}'; give whole numbers from {least} to"
                f" {most}, separated by commas, as the model reads {length} bp."
            )
        if len(set(found)) < len(found):
            raise UserError(
                f"variant_offsets '{self.variant_offsets}' has an offset more than once; give"
                " each once."
            )
        return tuple(one for one in found if one is not None)
