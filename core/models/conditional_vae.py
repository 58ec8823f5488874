"""The conditional variational autoencoder: the label is told to encoder and decoder, so the code holds what the label does not say."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from core.models.config import Setting, check_number
from core.models.vae import VAE, VAEConfig

NOT_TOLD = -1  # a label that stands for none


LabelDropout = Annotated[
    float,
    Setting(
        "Label dropout", "Share of the images shown without their label, so that the model also works without one.", share_of="the images"
    ),
]


@dataclass(frozen=True)
class ConditionalVAEConfig(VAEConfig):
    """Sizes and objective of a conditional VAE."""

    classes: int = 10  # labels are 0 to classes - 1
    label_dropout: LabelDropout = 0.1  # share of the training images whose label is not told, so that the model also works without

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("classes", self.classes, 2, 256, whole=True)
        check_number("label_dropout", self.label_dropout, 0.0, 1.0)


class ConditionalVAE(VAE):
    """q(z|x, label) and p(x|z, label): the label, one-hot, enters the first layer of both.  (Sohn, Lee & Yan 2015)

    Labels are int64 (B,). None, or NOT_TOLD for single images, is the zero vector in place of the one-hot.
    """

    conditional: ClassVar[bool] = True
    config: ConditionalVAEConfig

    def __init__(self, config: ConditionalVAEConfig) -> None:
        super().__init__(config)
        # W [x, one-hot] = U x + V one-hot: kept apart, the decoder without a label is that of a VAE, and runs wherever that does.
        self.encoder_label = nn.Linear(config.classes, (*config.encoder_hidden, 2 * config.latent_dim)[0], bias=False)
        self.decoder_label = nn.Linear(config.classes, (*config.decoder_hidden, config.pixels)[0], bias=False)

    def one_hot(self, label: Tensor) -> Tensor:
        """Labels (B,) -> (B, classes), float32; zeros for NOT_TOLD. Needs no look at the values, so a CUDA graph can hold it."""
        return (label.unsqueeze(1) == torch.arange(self.config.classes, device=label.device)).float()

    def run_encoder(self, x: Tensor, label: Tensor | None) -> Tensor:
        """Images (B, 1, H, W), labels (B,) -> what the encoder says of them, (B, 2 D), float32."""
        if label is None:
            return super().run_encoder(x, None)
        h = self.encoder[0](x.flatten(1)) + self.encoder_label(self.one_hot(label))
        return self.leave_encoder(self.encoder[1:-1](h)) if len(self.encoder) > 1 else h.float()

    def enter_decoder(self, z: Tensor, label: Tensor | None) -> Tensor:
        """Codes (B, D), labels (B,) -> what the decoder's first layer makes of them."""
        h = super().enter_decoder(z, label)
        return h if label is None else h + self.decoder_label(self.one_hot(label))

    def training_terms(
        self, x: Tensor, target: Tensor | None = None, generator: torch.Generator | None = None, label: Tensor | None = None
    ) -> Tensor:
        """-log p(target|z, label) of one z and the KL, (2, B), with some labels withheld at random.  (Ho & Salimans 2022)"""
        if label is not None:
            withheld = torch.rand(label.shape, device=label.device, generator=generator) < self.config.label_dropout
            label = label.masked_fill(withheld, NOT_TOLD)
        return super().training_terms(x, target, generator, label)
