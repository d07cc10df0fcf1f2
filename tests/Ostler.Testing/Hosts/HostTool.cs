namespace Ostler.Testing.Hosts;

/// <summary>What updates a host.</summary>
public enum HostTool
{
    /// <summary>The real ostree, by commits of a remote.</summary>
    Ostree,

    /// <summary>A fake of rpm-ostree over the real ostree, by commits of a remote or by container images.</summary>
    RpmOstree,

    /// <summary>
    /// A fake of bootc over the real ostree, by container images. Such hosts have rpm-ostree installed, too, as most real ones have.
    /// </summary>
    Bootc,
}
