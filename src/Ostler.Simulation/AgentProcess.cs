using Ostler.Simulation.Hosts;

namespace Ostler.Simulation;

/// <summary>The agent's process on one host. All that it is dies with it.</summary>
internal sealed class AgentProcess
{
    private IEnumerator<HostStep>? _steps;

    /// <summary>Counts the processes: what was begun by one is not continued by another.</summary>
    public int Term { get; private set; }

    /// <summary>Counts the passes.</summary>
    public int Passes { get; private set; }

    /// <summary>The pass in progress, which waits for something that takes time; null: none.</summary>
    public AgentPass? Pass { get; private set; }

    public void Begin(AgentPass pass)
    {
        Passes++;
        (Pass, _steps) = (pass, pass.Steps().GetEnumerator());
    }

    /// <summary>The next step of the pass.</summary>
    public HostStep Next() => _steps!.MoveNext()
        ? _steps.Current
        : throw new InvalidOperationException($"The pass did not end: {Pass?.Action}");

    public void End()
    {
        _steps?.Dispose();
        (Pass, _steps) = (null, null);
    }

    public void Kill()
    {
        Term++;
        End();
    }
}
