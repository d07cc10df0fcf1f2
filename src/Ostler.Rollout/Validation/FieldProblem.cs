namespace Ostler.Rollout.Validation;

/// <summary>A field that cannot be carried out.</summary>
/// <param name="Field">Its path, as in <c>spec.rollout.waves</c>.</param>
/// <param name="Reason"><see cref="Ostler.Api.Meta.Reasons.Invalid"/> or <see cref="Ostler.Api.Meta.Reasons.NotSupportedYet"/>.</param>
/// <param name="Message">What is wrong with it and what to write instead.</param>
public sealed record FieldProblem(string Field, string Reason, string Message);
