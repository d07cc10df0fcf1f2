using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>systemd units on the host.</summary>
public sealed record SystemdCheck
{
    /// <summary>Units that must be active.</summary>
    [MaxItems(50), MaxLength(255), Pattern("^[a-zA-Z0-9:_.\\\\@-]+$")]
    public IReadOnlyList<string>? Active { get; init; }

    /// <summary>Whether any failed unit on the host fails the check.</summary>
    [Default("false")]
    public bool NoneFailed { get; init; }
}

/// <summary>A command on the host. It is killed when the timeout expires. The message has the end of its output.</summary>
public sealed record ExecCheck
{
    /// <summary>The program by its absolute path on the host, and its arguments. No shell is involved.</summary>
    [MinItems(1), MaxItems(64), MaxLength(4096)]
    [Cel("self[0].startsWith('/')", "must begin with the absolute path of a program, since no shell looks it up")]
    public required IReadOnlyList<string> Command { get; init; }
}
