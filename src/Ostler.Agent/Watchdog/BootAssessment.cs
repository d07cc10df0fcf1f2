using Ostler.Agent.Host;

namespace Ostler.Agent.Watchdog;

/// <summary>
/// What others that judge the host's boots say of this one: greenboot, and boot loaders that count tries (Automatic Boot Assessment).
/// </summary>
/// <param name="Verdict">Null: nobody judges boots here.</param>
/// <param name="Message">For people.</param>
internal sealed record BootAssessment(bool? Verdict, string Message)
{
    private const string Greenboot = "greenboot-healthcheck.service";
    private const string BootComplete = "boot-complete.target";
    private static readonly string[] GreenbootFiles = ["/usr/lib/systemd/system/" + Greenboot, "/etc/systemd/system/" + Greenboot];

    /// <summary>
    /// What greenboot says of it, compared without regard to case, and what that means. Since 0.16.4 a kernel that did not boot has words
    /// of its own.
    /// </summary>
    private static readonly (string Words, string Meaning)[] Fallbacks =
    [
        ("FALLBACK BOOT DETECTED", "greenboot declared it red in every try, and its boot loader fell back"),
        ("GRUB kernel fallback detected", "its kernel did not boot, and greenboot reports that GRUB fell back to the previous one"),
    ];

    /// <summary>They have not decided: not yet, or they never came to it.</summary>
    public bool Pending { get; private init; }

    private static BootAssessment Nobody { get; } = new((bool?)null, "");

    public static async Task<BootAssessment> ReadAsync(ICommandRunner runner, HostFiles files, CancellationToken cancellationToken)
    {
        if (GreenbootFiles.Any(files.Exists))
        {
            var show = await runner.RunAsync(new HostCommand("systemctl", "show", "--property=ActiveState,UnitFileState", Greenboot), cancellationToken);
            if (show.Stdout.Contains("UnitFileState=enabled", StringComparison.Ordinal))
            {
                return show.Stdout.Contains("ActiveState=active\n", StringComparison.Ordinal) ? new(true, "greenboot: this boot is green")
                    : show.Stdout.Contains("ActiveState=failed", StringComparison.Ordinal) ? new(false, $"greenboot: this boot is red. Run journalctl -u {Greenboot}")
                    : new(null, "greenboot has not judged this boot yet") { Pending = true };
            }
        }

        if (!BootCounting.CountsThisBoot(files))
        {
            return Nobody;
        }

        var complete = await runner.RunAsync(new HostCommand("systemctl", "is-active", BootComplete), cancellationToken);
        return complete.Succeeded
            ? new(true, $"{BootComplete} is reached")
            : new(null, $"the boot loader counts this boot, and {BootComplete} is not reached yet") { Pending = true };
    }

    /// <summary>Who judges this host's boots; null: nobody. Those that greenboot is only installed on are not judged.</summary>
    public static async Task<string?> WhoJudgesAsync(ICommandRunner runner, HostFiles files, CancellationToken cancellationToken)
    {
        if (GreenbootFiles.Any(files.Exists)
            && (await runner.RunAsync(new HostCommand("systemctl", "show", "--property=UnitFileState", Greenboot), cancellationToken)).Stdout.Contains("UnitFileState=enabled", StringComparison.Ordinal))
        {
            return "greenboot";
        }

        return BootCounting.IsOn(files) ? "boot counting" : null;
    }

    /// <summary>Who took the host back to its former tree, when it was one of these; else null.</summary>
    public static async Task<string?> WhoFellBackAsync(ICommandRunner runner, HostFiles files, CancellationToken cancellationToken)
    {
        if (GreenbootFiles.Any(files.Exists))
        {
            // Which of its units says so depends on the version.
            var journal = await runner.RunAsync(
                new HostCommand("journalctl", "--boot=0", "--unit=greenboot*", "--output=cat", "--no-pager", "--quiet", "--lines=2000", "_UID=0"), cancellationToken);
            foreach (var (words, meaning) in Fallbacks)
            {
                if (ToolErrorText.Any(journal.Stdout, words))
                {
                    return meaning;
                }
            }
        }

        return BootCounting.UsedUp(files) ? "the boot loader used up all its tries" : null;
    }
}
