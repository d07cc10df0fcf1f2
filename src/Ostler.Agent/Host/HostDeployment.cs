using Ostler.Api;

namespace Ostler.Agent.Host;

/// <summary>One tree that is laid down on the host, as the host's tool lists it.</summary>
internal sealed record HostDeployment
{
    /// <summary>Its place in the list. 0 is what the next boot runs (a locked staged one excepted).</summary>
    public required int Index { get; init; }

    /// <summary>The set of deployments that share one /var.</summary>
    public required string Stateroot { get; init; }

    public required string Digest { get; init; }
    public required int Serial { get; init; }
    public string? Version { get; init; }
    public string? Reference { get; init; }
    public bool Booted { get; init; }

    /// <summary>Laid down, and to be made the next boot's while the host shuts down.</summary>
    public bool Staged { get; init; }

    public bool Pinned { get; init; }

    /// <summary>Staged, and left out at shutdown until it is unlocked.</summary>
    public bool Locked { get; init; }

    public Deployment ToStatus() => new()
    {
        Digest = Digest,
        Serial = Serial,
        Version = Version,
        Reference = Reference,
        Pinned = Pinned,
        Locked = Locked,
    };
}

/// <summary>The trees of the host, in the tool's order.</summary>
internal sealed record HostDeployments(IReadOnlyList<HostDeployment> All)
{
    /// <summary>What runs. Every host that the agent acts on has one.</summary>
    public HostDeployment? Booted { get; } = All.FirstOrDefault(d => d.Booted);

    public HostDeployment? Staged { get; } = All.FirstOrDefault(d => d.Staged);

    /// <summary>What the next boot runs if nothing more happens: a locked staged deployment does not count.</summary>
    public HostDeployment? Next => All.FirstOrDefault(d => !(d.Staged && d.Locked));

    /// <summary>The first one of the same stateroot after the booted one: what is kept to go back to.</summary>
    public HostDeployment? Rollback =>
        Booted is { } booted ? All.FirstOrDefault(d => d.Index > booted.Index && d.Stateroot == booted.Stateroot) : null;

    /// <summary>
    /// What the next boot would run when that is another one than what runs: the staged one, or one that was finalized already. Shown in status as staged.
    /// </summary>
    public HostDeployment? Upcoming => Staged ?? (Next is { Booted: false } next ? next : null);

    /// <summary>The first deployment of a digest that is not merely staged, or null.</summary>
    public HostDeployment? Find(string digest) => All.FirstOrDefault(d => d.Digest == digest && !d.Staged);
}
