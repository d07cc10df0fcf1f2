using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tools;

/// <summary>
/// A real browser. Unlike a single program, one needs its fonts and two hundred libraries: it is installed, not unpacked.
/// </summary>
public static class Browsers
{
    /// <summary>Where Chromium is, installed from Debian's package by root when it is not there.</summary>
    /// <returns>Its path, or why there is none here, for a test's skip reason.</returns>
    public static async Task<(string? Program, string WhyNot)> FindChromiumAsync(CancellationToken cancellationToken)
    {
        if (Find() is { } installed)
        {
            return (installed, "");
        }

        if (HostTools.Find("apt-get") is null || Environment.UserName != "root")
        {
            return (null, "There is no Chromium on this machine, and only root on a Debian can install it: apt-get install chromium.");
        }

        // One at a time: apt has a lock of its own and does not wait for it.
        const string script = "exec 9>/tmp/ostler-apt.lock; flock 9; command -v chromium >/dev/null || { i='apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core'; export DEBIAN_FRONTEND=noninteractive; $i || { apt-get -qq update && $i; }; }";
        var result = await HostCommand.RunAsync(["bash", "-c", script], cancellationToken).ConfigureAwait(false);
        return Find() is { } program ? (program, "") : (null, $"Debian's package chromium cannot be installed here: {result.Stderr.Trim()}");

        static string? Find() => HostTools.Find("chromium") ?? HostTools.Find("chromium-browser") ?? HostTools.Find("google-chrome");
    }
}
