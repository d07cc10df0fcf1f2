using Ostler.Api.Meta;

namespace Ostler.Agent.Host;

/// <summary>
/// Whether a host is one that the agent can act on at all. What it is does not change while the agent runs, so it is reported once and
/// checked rarely.
/// </summary>
internal static class HostSupport
{
    /// <summary>Where systemd is the first process, as sd_booted(3) asks.</summary>
    private const string Systemd = "/run/systemd/system";

    private const string OstreeBooted = "/run/ostree-booted";

    public static bool HasSystemd(HostFiles files) => files.Exists(Systemd);

    /// <exception cref="HostToolException">HostNotSupported: the host's files cannot be read.</exception>
    public static void CheckReadable(HostFiles files)
    {
        if (files.WhyUnreadable() is { } why)
        {
            throw new HostToolException(
                Reasons.HostNotSupported, $"The host cannot be inspected: {why.TrimEnd('.')}. In a container, the agent needs hostPID and privileged. Nothing is done to the host.");
        }
    }

    /// <exception cref="HostToolException">HostNotSupported: the host was not booted from an OSTree deployment.</exception>
    public static void CheckOstree(HostFiles files)
    {
        CheckReadable(files);
        if (!files.Exists(OstreeBooted))
        {
            throw new HostToolException(
                Reasons.HostNotSupported, $"The host does not boot from an OSTree deployment: {OstreeBooted} does not exist. Nothing is done to the host.");
        }
    }
}
