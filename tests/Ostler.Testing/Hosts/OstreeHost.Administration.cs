namespace Ostler.Testing.Hosts;

/// <summary>A change that a person makes to the running tree.</summary>
public enum TreeChange
{
    /// <summary>/usr was made writable for good: <c>ostree admin unlock --hotfix</c>. Noted in the deployment's origin.</summary>
    Hotfix,

    /// <summary>/usr was made writable until the next boot: <c>ostree admin unlock</c>, <c>bootc usr-overlay</c>. Noted in /run.</summary>
    Overlay,

    /// <summary>The package <c>strace</c> was layered: <c>rpm-ostree install</c>. Noted in the deployment's origin.</summary>
    Packages,
}

/// <content>What an administrator of the host does.</content>
public sealed partial class OstreeHost
{
    /// <summary>
    /// Notes a change of the running tree where the tools note it. Nothing of /usr is really changed: its layers are shared by all hosts.
    /// </summary>
    public async Task ChangeTreeAsync(TreeChange change, CancellationToken cancellationToken)
    {
        var booted = (await DeploymentsAsync(cancellationToken)).Single(d => d.Booted);
        var name = $"{booted.Commit}.{booted.Serial}";
        var origin = $"/ostree/deploy/{StateRoot}/deploy/{name}.origin";
        var script = change switch
        {
            TreeChange.Hotfix => $"sed -i 's/^\\[origin\\]$/[origin]\\nunlocked=hotfix/' {origin}",
            TreeChange.Packages => $"printf '\\n[packages]\\nrequested=strace;\\n' >>{origin}",
            _ => $"mkdir -p /run/ostree/deployment-state/{name} && touch /run/ostree/deployment-state/{name}/unlocked-development",
        };
        (await RunAsync(["sh", "-c", script], cancellationToken)).EnsureSuccess();
    }

    /// <summary>
    /// From now on the host takes no tree that is not signed by this one: its remote asks for GPG signatures of commits, or the policy of
    /// its container tools for signatures of images. What it runs must be signed already: old versions of ostree stop listing deployments
    /// at one that is not.
    /// </summary>
    public async Task RequireSignaturesAsync(TreeSigner signer, CancellationToken cancellationToken)
    {
        if (_options.Image is not null)
        {
            WriteEtc("containers/policy.json", signer.ContainersPolicy);
            return;
        }

        WriteVar("signer.asc", signer.GpgPublicKey);
        const string script =
            "ostree --repo=/ostree/repo remote gpg-import -k /var/signer.asc \"$1\" && ostree --repo=/ostree/repo config set \"remote \\\"$1\\\".gpg-verify\" true";
        (await RunAsync(["sh", "-c", script, "require", RemoteName], cancellationToken)).EnsureSuccess();
    }
}
