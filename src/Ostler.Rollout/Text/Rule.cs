namespace Ostler.Rollout.Text;

/// <summary>One of an ordered list of rules, of which the first that applies decides.</summary>
/// <param name="Name">How tests and documentation call it.</param>
/// <param name="Meaning">When it applies, in a sentence for the documentation.</param>
/// <param name="Apply">The rule.</param>
internal sealed record Rule<T>(string Name, string Meaning, T Apply) where T : Delegate;
