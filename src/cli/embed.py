#!/usr/bin/env python3
"""embed.py OUT FILE...: a C header that holds each FILE as bytes; a-b.css becomes a_b_css."""
import os
import re
import sys


def main():
    lines = ['/* Made by embed.py. */']
    for path in sys.argv[2:]:
        with open(path, 'rb') as file:
            data = file.read()
        name = re.sub(r'\W', '_', os.path.basename(path))
        lines.append(f'static const unsigned char {name}[] = {{')
        lines += ['        ' + ' '.join(f'{byte},' for byte in data[i:i + 24]) for i in range(0, len(data), 24)]
        lines.append('};')
    with open(sys.argv[1], 'w') as out:
        out.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
