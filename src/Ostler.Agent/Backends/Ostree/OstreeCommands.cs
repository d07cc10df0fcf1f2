using Ostler.Agent.Host;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Runs ostree on the host and turns its failures into <see cref="HostToolException"/>.</summary>
internal sealed class OstreeCommands(ICommandRunner runner, StagingUnit unit)
{
    /// <summary>The booted system's repository. Named, so that no <c>OSTREE_REPO</c> and no working directory is in play.</summary>
    public const string Repository = "--repo=/ostree/repo";

    /// <summary>
    /// For what writes deployments. ostree waits without end for the sysroot's lock; whoever holds it is either done by then or needs a
    /// person.
    /// </summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromMinutes(15);

    /// <summary>Runs ostree to its end, whatever that is.</summary>
    public Task<CommandResult> TryAsync(HostCommand command, CancellationToken cancellationToken) => runner.RunAsync(command, cancellationToken);

    /// <summary>Runs ostree apart from the agent's life, and waits for its end.</summary>
    /// <exception cref="HostToolException">It failed or took too long.</exception>
    public async Task RunDetachedAsync(HostCommand command, CancellationToken cancellationToken)
    {
        var result = await unit.RunAsync(command, cancellationToken);
        if (!result.Succeeded)
        {
            throw OstreeErrors.From(command, result);
        }
    }

    /// <summary>Runs ostree and returns its standard output.</summary>
    /// <exception cref="HostToolException">It failed or took too long.</exception>
    public async Task<string> RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        var result = await runner.RunAsync(command, cancellationToken);
        return result.Succeeded ? result.Stdout : throw OstreeErrors.From(command, result);
    }
}
