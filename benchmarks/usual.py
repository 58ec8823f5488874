"""The usual script for a VAE on MNIST, in the form of pytorch/examples/vae, kept plain: what our trainer is measured against."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset


class UsualVAE(nn.Module):
    """784-400-z and back."""

    def __init__(self, latent_dim: int = 2) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 400)
        self.fc21 = nn.Linear(400, latent_dim)
        self.fc22 = nn.Linear(400, latent_dim)
        self.fc3 = nn.Linear(latent_dim, 400)
        self.fc4 = nn.Linear(400, 784)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images (B, 1, 28, 28) -> reconstruction (B, 784), mu and logvar (B, D)."""
        h = F.relu(self.fc1(x.view(-1, 784)))
        mu, logvar = self.fc21(h), self.fc22(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, logvar


def loss_function(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """Cross-entropy plus KL, summed over the batch."""
    cross_entropy = F.binary_cross_entropy(x_hat, x.view(-1, 784), reduction="sum")
    return cross_entropy - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


class UsualScript:
    """Its data loader, model and optimiser, one epoch at a time."""

    def __init__(self, root: str, device: torch.device, batch_size: int, learning_rate: float, images: int) -> None:
        from torchvision import datasets, transforms  # it brings torch's compiler along, which no other benchmark needs

        torch.manual_seed(0)
        mnist = datasets.MNIST(root, train=True, transform=transforms.ToTensor())
        self.loader = DataLoader(Subset(mnist, range(images)) if images < len(mnist) else mnist, batch_size=batch_size, shuffle=True)
        self.device = device
        self.model = UsualVAE().to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=learning_rate)

    def epoch(self) -> int:
        """Train for one epoch; returns the number of images seen."""
        self.model.train()
        seen, train_loss = 0, 0.0
        for data, _ in self.loader:
            data = data.to(self.device)
            self.optimizer.zero_grad()
            x_hat, mu, logvar = self.model(data)
            loss = loss_function(x_hat, data, mu, logvar)
            loss.backward()
            train_loss += loss.item()
            self.optimizer.step()
            seen += len(data)
        return seen
