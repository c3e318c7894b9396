"""Loss and gradient of a multilayer perceptron in PyTorch, optionally with a step of Adam, one thread.

A long-lived process: it prints one JSON line when it is ready, then does one measurement (`--evaluations` of them, timed together) for each line it reads from
standard input and prints {"seconds": ...}, of processor time, of one. It ends with its input.

    python3 torch_mlp.py --sizes 48,48,10 --activation relu --batch 64 --evaluations 50 --adam
"""

import argparse
import json
import sys
import time

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", required=True)
    parser.add_argument("--activation", choices=ACTIVATIONS, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--evaluations", type=int, default=1)
    parser.add_argument("--adam", action="store_true")
    given = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(0)
    sizes = [int(size) for size in given.sizes.split(",")]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), ACTIVATIONS[given.activation]()]
    model = nn.Sequential(*layers[:-1])
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    inputs = torch.rand(given.batch, sizes[0])
    labels = torch.randint(0, sizes[-1], (given.batch,))

    def work():
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        if given.adam:
            optimizer.step()
        return loss.item()

    work()
    print(json.dumps({"ready": True, "version": f"PyTorch {torch.__version__}"}), flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        for _ in range(given.evaluations):
            work()
        print(json.dumps({"seconds": (time.process_time() - start) / given.evaluations}), flush=True)


main()
