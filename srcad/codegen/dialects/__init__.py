"""The languages that programs are printed in: how SSA becomes SSA that each can say."""
