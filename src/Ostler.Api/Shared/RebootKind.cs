using System.Text.Json.Serialization;

namespace Ostler.Api.Shared;

/// <summary>How a host was rebooted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RebootKind>))]
public enum RebootKind
{
    /// <summary>Through firmware and boot loader.</summary>
    Reboot,

    /// <summary>Only user space was restarted; the kernel stayed.</summary>
    SoftReboot,
}
