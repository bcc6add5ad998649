"""One module per subcommand: arguments in, one library call, a short word on what was done."""
