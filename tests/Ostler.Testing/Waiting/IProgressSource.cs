namespace Ostler.Testing.Waiting;

/// <summary>Something whose changes are progress: a fleet's objects, a machine's console.</summary>
public interface IProgressSource
{
    /// <summary>Reports each change to a timer from now on, until disposed of.</summary>
    IDisposable Follow(ProgressTimer timer);
}
