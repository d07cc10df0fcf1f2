using Ostler.Agent.Host;

namespace Ostler.Agent.Watchdog;

/// <summary>What others that judge the host's boots say of this one: greenboot, and boot loaders that count tries (Automatic Boot Assessment).</summary>
/// <param name="Verdict">Null: nobody judges boots here.</param>
/// <param name="Message">For people.</param>
internal sealed record BootAssessment(bool? Verdict, string Message)
{
    private const string Greenboot = "greenboot-healthcheck.service";
    private const string BootComplete = "boot-complete.target";
    private const string Entries = "/boot/loader/entries";
    private static readonly string[] GreenbootFiles = ["/usr/lib/systemd/system/" + Greenboot, "/etc/systemd/system/" + Greenboot];
    private static readonly string[] FallbackUnits = ["greenboot-rpm-ostree-grub2-check-fallback.service", Greenboot];

    /// <summary>They have not decided: not yet, or they never came to it.</summary>
    public bool Pending { get; private init; }

    private static BootAssessment Nobody { get; } = new((bool?)null, "");

    public static async Task<BootAssessment> ReadAsync(ICommandRunner runner, HostFiles files, CancellationToken ct)
    {
        if (GreenbootFiles.Any(files.Exists))
        {
            var show = await runner.RunAsync(new HostCommand("systemctl", "show", "--property=ActiveState,UnitFileState", Greenboot), ct);
            if (show.Stdout.Contains("UnitFileState=enabled", StringComparison.Ordinal))
            {
                return show.Stdout.Contains("ActiveState=active\n", StringComparison.Ordinal) ? new(true, "greenboot calls this boot green")
                    : show.Stdout.Contains("ActiveState=failed", StringComparison.Ordinal) ? new(false, $"greenboot calls this boot red: see journalctl -u {Greenboot}")
                    : new(null, "greenboot has not judged this boot yet") { Pending = true };
            }
        }

        if (!Counted(files).Any())
        {
            return Nobody;
        }

        var complete = await runner.RunAsync(new HostCommand("systemctl", "is-active", BootComplete), ct);
        return complete.Succeeded
            ? new(true, $"{BootComplete} is reached")
            : new(null, $"the boot loader counts this boot, and {BootComplete} is not reached yet") { Pending = true };
    }

    /// <summary>Who judges this host's boots; null: nobody. Those that greenboot is only installed on are not judged.</summary>
    public static async Task<string?> WhoJudgesAsync(ICommandRunner runner, HostFiles files, CancellationToken ct)
    {
        if (GreenbootFiles.Any(files.Exists)
            && (await runner.RunAsync(new HostCommand("systemctl", "show", "--property=UnitFileState", Greenboot), ct)).Stdout.Contains("UnitFileState=enabled", StringComparison.Ordinal))
        {
            return "greenboot";
        }

        return Counted(files).Any() ? "the boot loader's counting" : null;
    }

    /// <summary>Who took the host back to its former tree, when it was one of these; else null.</summary>
    public static async Task<string?> WhoFellBackAsync(ICommandRunner runner, HostFiles files, CancellationToken ct)
    {
        if (GreenbootFiles.Any(files.Exists))
        {
            foreach (var unit in FallbackUnits)
            {
                var journal = await runner.RunAsync(
                    new HostCommand("journalctl", "--boot=0", "--unit=" + unit, "--output=cat", "--no-pager", "--quiet", "--lines=200", "_UID=0"), ct);
                if (journal.Stdout.Contains("FALLBACK BOOT DETECTED", StringComparison.Ordinal))
                {
                    return "greenboot had called it red in every try, and its boot loader fell back";
                }
            }
        }

        return Counted(files).Any(name => name.Contains("+0-", StringComparison.Ordinal)) ? "the boot loader had counted all its tries down" : null;
    }

    /// <summary>Entries with tries left in their names, as in <c>ostree-2+3.conf</c> or <c>ostree-2+0-3.conf</c>.</summary>
    private static IEnumerable<string> Counted(HostFiles files) => files.Names(Entries).Where(name =>
        name.LastIndexOf('+') is > 0 and var at && at + 1 < name.Length && char.IsAsciiDigit(name[at + 1]) && name.EndsWith(".conf", StringComparison.Ordinal));
}
