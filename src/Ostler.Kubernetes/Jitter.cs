namespace Ostler.Kubernetes;

/// <summary>The randomness of programs; tests inject their own.</summary>
internal static class Jitter
{
#pragma warning disable RS0030 // This is the one place where the default of an injected Func<double> comes from.
    public static Func<double> Default { get; } = static () => Random.Shared.NextDouble();
#pragma warning restore RS0030
}
