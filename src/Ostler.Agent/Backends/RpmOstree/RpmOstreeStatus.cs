using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary><c>rpm-ostree status</c>. Takes no lock: it answers also while somebody is at work.</summary>
internal sealed class RpmOstreeStatus(RpmOstreeCommands rpmOstree)
{
    /// <summary>The daemon may have to start first.</summary>
    private static readonly HostCommand Command = new("rpm-ostree", "status", "--json") { Timeout = TimeSpan.FromMinutes(1) };

    /// <exception cref="HostToolException">The tool failed, or what it printed cannot be read.</exception>
    public async Task<HostDeployments> ReadAsync(CancellationToken cancellationToken)
    {
        var output = await rpmOstree.RunAsync(Command, cancellationToken);
        return RpmOstreeStatusJson.Parse(output)
            ?? throw new HostToolException(Reasons.HostToolFailed, $"{Command} printed no JSON that this agent can read: {HostToolException.Head(output)}");
    }
}
