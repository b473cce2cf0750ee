#include "app/commands.h"

int main(int argc, char** argv) { return butai::app::run(argc, argv); }
