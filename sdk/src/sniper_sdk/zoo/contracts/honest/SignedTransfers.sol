// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: a holder's signature lets anyone carry out one transfer (as in EIP-3009).
contract SignedTransfers is StandardToken {
    mapping(address holder => mapping(bytes32 nonce => bool)) public authorizationState;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        require(!authorizationState[from][nonce], "used");
        authorizationState[from][nonce] = true;
        bytes32 what = keccak256(abi.encode(address(this), block.chainid, from, to, value, nonce));
        address signer = ecrecover(keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", what)), v, r, s);
        require(signer != address(0) && signer == from, "bad signature");
        _transfer(from, to, value);
    }
}
