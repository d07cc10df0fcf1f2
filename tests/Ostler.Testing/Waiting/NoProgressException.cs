using System.Globalization;

namespace Ostler.Testing.Waiting;

/// <summary>Nothing new happened for as long as the wait is patient. The message says what was waited for and what was seen last.</summary>
public sealed class NoProgressException(string awaited, TimeSpan patience, string lastState)
    : TimeoutException(string.Create(CultureInfo.InvariantCulture, $"No progress for {patience.TotalSeconds:0} s while waiting for: {awaited}. Last state: {lastState}"))
{
    /// <summary>What was waited for.</summary>
    public string Awaited => awaited;

    /// <summary>The newest state that was observed.</summary>
    public string LastState => lastState;
}
