namespace Ostler.Controller.Secrets;

/// <summary>What keeps a check from being made, in a sentence.</summary>
internal sealed class CheckException(string message) : Exception(message);
