using Ostler.Api.Meta;

namespace Ostler.Agent.Host;

/// <summary>Whether a host is one that the agent can act on at all. What it is does not change while the agent runs, so it is reported once and checked rarely.</summary>
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
                Reasons.HostNotSupported, $"The host cannot be looked at: {why.TrimEnd('.')}. In a container the agent needs hostPID and to be privileged. Nothing is done to the host.");
        }
    }

    /// <exception cref="HostToolException">HostNotSupported: the host was not booted from an OSTree deployment.</exception>
    public static void CheckOstree(HostFiles files)
    {
        CheckReadable(files);
        if (!files.Exists(OstreeBooted))
        {
            throw new HostToolException(
                Reasons.HostNotSupported, $"The host was not booted from an OSTree deployment: {OstreeBooted} is not there. Nothing is done to it.");
        }
    }
}
