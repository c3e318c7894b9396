"""The meta-gradient of a coordinatewise LSTM in PyTorch, written idiomatically: nn.LSTMCell, autograd, one thread.

A long-lived process: it prints one JSON line when it is ready, then does one measurement for each line it reads from standard input and
prints {"seconds": ...}, of processor time. It ends with its input.

    python3 torch_lstm.py --inputs 2 --hidden 20 --layers 2 --coordinates 2842 --steps 20
"""

import argparse
import json
import sys
import time

import torch
from torch import nn


class CoordinatewiseLstm(nn.Module):
    """Stacked LSTM cells and a linear output, applied to every coordinate (a row of the batch)."""

    def __init__(self, inputs: int, hidden: int, layers: int):
        super().__init__()
        self.cells = nn.ModuleList(nn.LSTMCell(inputs if layer == 0 else hidden, hidden) for layer in range(layers))
        self.output = nn.Linear(hidden, 1)

    def forward(self, x, state):
        next_state = []
        for cell, held in zip(self.cells, state):
            held = cell(x, held)
            next_state.append(held)
            x = held[0]
        return self.output(x).squeeze(-1), next_state


def main():
    parser = argparse.ArgumentParser()
    for name in ("inputs", "hidden", "layers", "coordinates", "steps"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = CoordinatewiseLstm(given.inputs, given.hidden, given.layers)
    # Gradients of the optimizee are constants with respect to the weights, so the inputs can be drawn beforehand.
    inputs = torch.randn(given.steps, given.coordinates, given.inputs)
    cotangent = torch.randn(given.steps, given.coordinates)

    def meta_gradient():
        model.zero_grad()
        zeros = torch.zeros(given.coordinates, given.hidden)
        state = [(zeros, zeros)] * given.layers
        loss = 0.0
        for t in range(given.steps):
            step, state = model(inputs[t], state)
            loss = loss + (step * cotangent[t]).sum()
        loss.backward()

    meta_gradient()
    print(json.dumps({"ready": True, "version": f"PyTorch {torch.__version__}"}), flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        meta_gradient()
        print(json.dumps({"seconds": time.process_time() - start}), flush=True)


main()
