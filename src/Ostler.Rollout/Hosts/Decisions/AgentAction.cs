using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Decisions;

/// <summary>What the agent does next: one thing, decided from the spec and the host alone.</summary>
public abstract record AgentAction
{
    private AgentAction()
    {
    }

    /// <summary>The image that is handed to the host's tool, and that its backend may refuse; null: none is.</summary>
    public NodeImage? ImageForBackend() => this switch
    {
        Stage stage => stage.Image,
        Lock relock => relock.Image,
        Boot boot => boot.Image,
        Report or Verify or RollBack or KeepPrevious => null,
        _ => throw new InvalidOperationException($"No such action: {GetType().Name}"),
    };

    /// <summary>Nothing but to say how things are.</summary>
    public sealed record Report(NodeStep Step, string Reason, string Message) : AgentAction
    {
        /// <summary>The order cannot be carried out as it stands; shown as the last error.</summary>
        public bool IsError { get; init; }

        /// <summary>Look again after this time although nothing tells of a change; null: the usual look-around will do.</summary>
        public TimeSpan? RequeueAfter { get; init; }
    }

    /// <summary>Fetch the image and lay it down, locked.</summary>
    /// <param name="Image">The tree.</param>
    /// <param name="DiscardLocalChanges">Without what was changed on the host, also when the tree is the one that runs.</param>
    public sealed record Stage(NodeImage Image, bool DiscardLocalChanges = false) : AgentAction;

    /// <summary>The image lies there unlocked, although nobody ordered to boot it: lock it.</summary>
    public sealed record Lock(NodeImage Image) : AgentAction;

    /// <summary>Unlock the staged image and reboot.</summary>
    /// <param name="Image">The tree that the next boot must run.</param>
    /// <param name="Finalized">The bootloader has the tree already: there is nothing to unlock.</param>
    public sealed record Boot(NodeImage Image, bool Finalized) : AgentAction;

    /// <summary>The ordered tree runs since a new boot: run the host's checks.</summary>
    public sealed record Verify(NodeImage Image) : AgentAction;

    /// <summary>Make the former tree the next boot's and reboot.</summary>
    public sealed record RollBack(PreviousOS Previous) : AgentAction;

    /// <summary>The former tree runs, but the next boot would run another one: make it the former tree, too. No reboot.</summary>
    public sealed record KeepPrevious(PreviousOS Previous) : AgentAction;
}
