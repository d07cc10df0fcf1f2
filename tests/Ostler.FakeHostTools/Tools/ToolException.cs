namespace Ostler.FakeHostTools.Tools;

/// <summary>What the tool prints after "error: ", with exit code 1.</summary>
internal sealed class ToolException(string message) : Exception(message);

/// <summary>
/// A command line that the real tool would not understand either, or that this one has not learnt: exit code 2, so that a test tells which.
/// </summary>
internal sealed class UsageException(string message) : Exception(message);
