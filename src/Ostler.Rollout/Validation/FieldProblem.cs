namespace Ostler.Rollout;

/// <summary>A field that cannot be carried out.</summary>
/// <param name="Field">Its path, as in <c>spec.rollout.waves</c>.</param>
/// <param name="Reason"><see cref="Api.Reasons.Invalid"/> or <see cref="Api.Reasons.NotSupportedYet"/>.</param>
/// <param name="Message">What is wrong with it and what to write instead.</param>
public sealed record FieldProblem(string Field, string Reason, string Message);
