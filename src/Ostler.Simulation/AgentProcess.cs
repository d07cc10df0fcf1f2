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

    /// <summary>
    /// Whether this process knows its order: it has made a pass. Only then does it work while the API server is unreachable.
    /// </summary>
    public bool KnowsOrder { get; private set; }

    /// <summary>How many passes in a row failed because the API server was unreachable.</summary>
    public int ApiFailures { get; set; }

    /// <summary>The pass in progress, which waits for something that takes time; null: none.</summary>
    public AgentPass? Pass { get; private set; }

    public void Begin(AgentPass pass)
    {
        Passes++;
        KnowsOrder = true;
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

    /// <summary>The order is gone: the pass in progress is given up.</summary>
    public void GiveUp()
    {
        Passes++;
        (KnowsOrder, ApiFailures) = (false, 0);
        End();
    }

    public void Kill()
    {
        Term++;
        (KnowsOrder, ApiFailures) = (false, 0);
        End();
    }
}
