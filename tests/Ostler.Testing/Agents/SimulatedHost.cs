using Ostler.Api.NodeOSes;

namespace Ostler.Testing.Agents;

/// <summary>
/// The OS of one node as the agent would find it, reduced to what the rollout depends on: which trees are there, which one runs, in which boot.
/// </summary>
/// <remarks>For fleets of hundreds of nodes, where a real OSTree sysroot each would measure the disk and not the controller.</remarks>
public sealed class SimulatedHost(string node, Deployment booted, string bootID)
{
    public string Node => node;

    public string BootID { get; private set; } = bootID;

    /// <summary>When the present boot began; null: before anybody looked.</summary>
    public DateTimeOffset? BootedAt { get; internal set; }

    public Deployment Booted { get; private set; } = booted;

    public Deployment? Staged { get; private set; }

    public Deployment? Rollback { get; private set; }

    /// <summary>Lays a tree down beside the running one, locked.</summary>
    public void Stage(NodeImage image) =>
        Staged = new Deployment { Digest = image.Digest, Version = image.Version, Locked = true };

    /// <summary>Boots what was staged; the former tree is kept. With nothing staged the same tree boots again.</summary>
    public void BootStaged(string newBootID)
    {
        if (Staged is { } staged)
        {
            (Rollback, Booted, Staged) = (Booted, staged with { Locked = false }, null);
        }

        BootID = newBootID;
    }

    /// <summary>A power cut before the staged tree was finalized: it is gone, the running one boots again.</summary>
    public void LosePower(string newBootID)
    {
        Staged = null;
        BootID = newBootID;
    }

    /// <summary>Boots the kept tree. False when there is none of that digest.</summary>
    public bool BootPrevious(string digest, string newBootID)
    {
        if (Rollback?.Digest != digest)
        {
            return false;
        }

        (Rollback, Booted, Staged) = (Booted, Rollback, null);
        BootID = newBootID;
        return true;
    }
}
