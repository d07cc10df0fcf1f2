namespace Ostler.Benchmarks.Harness;

/// <summary>One measured number beside what was wanted of it.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Measured">The number.</param>
/// <param name="Unit">Of the number and of the limit.</param>
/// <param name="AtMost">What was wanted; null: nothing was promised, the number is told because it explains another.</param>
/// <param name="How">How it was measured, so that somebody else could do it again.</param>
internal sealed record Figure(string Name, double Measured, string Unit, double? AtMost, string How)
{
    /// <summary>Null when nothing was promised.</summary>
    public bool? Met => AtMost is { } limit ? Measured <= limit : null;
}
