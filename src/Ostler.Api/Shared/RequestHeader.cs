using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>A header of a request.</summary>
public sealed record RequestHeader
{
    /// <summary>The name. Not Authorization, Cookie, Host, or a header of the connection or the body.</summary>
    [MinLength(1), MaxLength(128), Pattern("^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    public required string Name { get; init; }

    /// <summary>The value, in printable ASCII.</summary>
    [MinLength(1), MaxLength(1024), Pattern("^[!-~]([ -~]*[!-~])?$")]
    public required string Value { get; init; }
}

/// <summary>A query parameter of a request.</summary>
public sealed record RequestParameter
{
    /// <summary>The name. A name that is listed several times is sent several times.</summary>
    [MinLength(1), MaxLength(128), Pattern("^[A-Za-z0-9_.:\\[\\]-]+$")]
    public required string Name { get; init; }

    /// <summary>The value.</summary>
    [MaxLength(1024)]
    public required string Value { get; init; }
}
