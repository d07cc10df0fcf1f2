namespace Ostler.Simulation;

/// <summary>
/// Random numbers that a seed determines on every runtime and for ever (SplitMix64), so that a run that failed can be run again.
/// </summary>
public sealed class SeededSequence(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            var z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>From 0 to below <paramref name="limit"/>, which must be positive.</summary>
    public int Below(int limit) => (int)(Next() % (ulong)limit);

    /// <summary>From <paramref name="least"/> to <paramref name="most"/>, in whole milliseconds.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) => most <= least
        ? least
        : least + TimeSpan.FromMilliseconds(Next() % (ulong)((most - least).TotalMilliseconds + 1));
}
