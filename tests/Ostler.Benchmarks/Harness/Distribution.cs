namespace Ostler.Benchmarks.Harness;

/// <summary>Many measurements of the same thing.</summary>
internal sealed class Distribution
{
    private readonly double[] _sorted;

    public Distribution(IEnumerable<double> values)
    {
        _sorted = [.. values.Order()];
        if (_sorted.Length == 0)
        {
            throw new ArgumentException("Nothing was measured.", nameof(values));
        }
    }

    public int Count => _sorted.Length;

    public double Median => Percentile(50);

    public double Most => _sorted[^1];

    /// <summary>
    /// The least value that so many percent of all do not exceed (nearest rank): one that was measured, not one between two.
    /// </summary>
    public double Percentile(double percent) => _sorted[Math.Max(0, (int)Math.Ceiling(percent / 100 * _sorted.Length) - 1)];
}
