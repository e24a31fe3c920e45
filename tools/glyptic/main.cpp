//===- main.cpp - The command line tool -----------------------------------===//
#include "tools/glyptic/Tool.h"

int main(int argc, char **argv) { return glyptic::tool::run(argc, argv); }
