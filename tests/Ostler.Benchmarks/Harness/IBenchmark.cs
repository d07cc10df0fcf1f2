namespace Ostler.Benchmarks.Harness;

/// <summary>Measures some figures that need the same set-up.</summary>
internal interface IBenchmark
{
    /// <summary>What <c>make bench ONLY=…</c> calls it.</summary>
    string Name { get; }

    /// <summary>What it measures, in one line.</summary>
    string Summary { get; }

    /// <param name="progress">Gets a line now and then, for people who wait.</param>
    /// <param name="cancellationToken">Ends it; what it started is taken down.</param>
    Task<IReadOnlyList<Figure>> RunAsync(Action<string> progress, CancellationToken cancellationToken);
}
